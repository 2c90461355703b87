// What the stage keeps: queues, state, dead letters, events that could not be delivered.
param name string
param location string
param tags object

var queueNames = ['sluice-evaluate', 'sluice-evaluate-poison', 'sluice-deliver', 'sluice-deliver-poison']
var tableNames = ['sluicestate', 'sluicedeadletters', 'sluicelimits']

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_ZRS' }
  properties: {
    accessTier: 'Hot'
    // Entra identities only: there is no key that could leak.
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      defaultAction: 'Allow'
      bypass: 'AzureServices'
    }
  }

  resource queueService 'queueServices' = { name: 'default' }

  resource tableService 'tableServices' = { name: 'default' }

  resource blobService 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    }

    resource undelivered 'containers' = {
      name: 'undelivered-events'
      properties: { publicAccess: 'None' }
    }
  }

  resource ageing 'managementPolicies' = {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            name: 'forget-undelivered-events'
            enabled: true
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['undelivered-events/'] }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 30 } } }
            }
          }
        ]
      }
    }
  }
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2023-05-01' = [
  for queue in queueNames: { parent: account::queueService, name: queue }
]

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2023-05-01' = [
  for table in tableNames: { parent: account::tableService, name: table }
]

output id string = account.id
output name string = account.name
output queueUri string = 'https://${account.name}.queue.${environment().suffixes.storage}'
output tableUri string = 'https://${account.name}.table.${environment().suffixes.storage}'
