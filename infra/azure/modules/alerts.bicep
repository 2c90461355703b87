// What a person must hear of; docs/azure.md says for each what to do.
param stage string
param location string
param tags object
param workspaceId string
param actionGroupId string
param intakeSiteId string
param storageAccountId string

@description('Alerts over the log: each counts rows of its query in the last window.')
var logAlerts = [
  {
    name: 'dead-letters'
    description: 'Work was set aside as a dead letter.'
    severity: 2
    window: 'PT5M'
    threshold: 0
    query: 'AppTraces | where Message has \'"event":"work-parked"\''
  }
  {
    name: 'poison'
    description: 'The host moved a message to a poison queue: a function failed on it five times.'
    severity: 1
    window: 'PT5M'
    threshold: 0
    query: 'AppRequests | where OperationName endswith "-poison"'
  }
  {
    name: 'failing-functions'
    description: 'Invocations fail.'
    severity: 2
    window: 'PT15M'
    threshold: 10
    query: 'AppRequests | where Success == false | where AppRoleName startswith "func-sluice-"'
  }
  {
    name: 'late-work'
    description: 'A registry\'s event waited on the queue for more than ten minutes before it was taken.'
    severity: 2
    window: 'PT15M'
    threshold: 0
    query: 'AppTraces | where OperationName == "evaluate" and Message startswith "Trigger Details:" | parse Message with * "DequeueCount: " dequeued:int "," * "InsertedOn: " inserted:datetime | where dequeued == 1 and TimeGenerated - inserted > 10m and TimeGenerated - inserted < 1d'
  }
  {
    name: 'kept-catalog'
    description: 'The policy cannot be read again; the last good one stays in use.'
    severity: 3
    window: 'PT30M'
    threshold: 5
    query: 'AppTraces | where Message has \'"event":"catalog-kept"\''
  }
  {
    name: 'parked-deliveries'
    description: 'A receiver refuses, and is not asked any more.'
    severity: 2
    window: 'PT5M'
    threshold: 0
    query: 'AppTraces | where Message has \'"event":"delivery-parked"\''
  }
]

resource onLogs 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in logAlerts: {
    name: 'sluice-${stage}-${alert.name}'
    location: location
    tags: tags
    properties: {
      displayName: 'sluice ${stage}: ${alert.name}'
      description: alert.description
      severity: alert.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: alert.window
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: alert.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: { actionGroups: [actionGroupId] }
    }
  }
]

resource refusing 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'sluice-${stage}-intake-errors'
  location: 'global'
  tags: tags
  properties: {
    description: 'Intake answers 5xx: events are not stored. Senders that do not send again lose them until the sweep.'
    severity: 1
    enabled: true
    scopes: [intakeSiteId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: '5xx'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'Http5xx'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 5
        }
      ]
    }
    actions: [{ actionGroupId: actionGroupId }]
  }
}

resource backlog 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'sluice-${stage}-backlog'
  location: 'global'
  tags: tags
  properties: {
    description: 'Messages pile up on the queues. Measured by Azure once an hour; delayed messages count.'
    severity: 3
    enabled: true
    scopes: ['${storageAccountId}/queueServices/default']
    evaluationFrequency: 'PT1H'
    windowSize: 'PT1H'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'messages'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'QueueMessageCount'
          timeAggregation: 'Average'
          operator: 'GreaterThan'
          threshold: 10000
        }
      ]
    }
    actions: [{ actionGroupId: actionGroupId }]
  }
}
