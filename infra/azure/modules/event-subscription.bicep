// Pushes of one registry to the stage's queue.
param stage string
param systemTopicName string
param storageAccountId string
param actionGroupId string
param tags object

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: systemTopicName
}

resource pushes 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'sluice-${stage}'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: {
      // A signature is pushed like an image; everything else would be read and dropped.
      includedEventTypes: ['Microsoft.ContainerRegistry.ImagePushed']
    }
    deliveryWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      destination: {
        endpointType: 'StorageQueue'
        properties: {
          resourceId: storageAccountId
          queueName: 'sluice-evaluate'
          queueMessageTimeToLiveInSeconds: -1
        }
      }
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: storageAccountId
          blobContainerName: 'undelivered-events'
        }
      }
    }
  }
}

resource undelivered 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'sluice-${stage}-undelivered-events'
  location: 'global'
  tags: tags
  properties: {
    description: 'Event Grid gave up on events and put them into the container undelivered-events. The sweep finds what they announced.'
    severity: 2
    enabled: true
    scopes: [topic.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead-lettered'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'DeadLetteredCount'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: [{ actionGroupId: actionGroupId }]
  }
}
