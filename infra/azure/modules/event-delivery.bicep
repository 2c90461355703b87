// What a system topic's identity may do: put events on the queue, and aside what it could not put there.
param storageAccountName string
param principalId string

var roles = {
  queueMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  blobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
}

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageAccountName

  resource queues 'queueServices' existing = {
    name: 'default'

    resource evaluate 'queues' existing = { name: 'sluice-evaluate' }
  }

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource undelivered 'containers' existing = { name: 'undelivered-events' }
  }
}

resource sending 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::queues::evaluate.id, principalId, roles.queueMessageSender)
  scope: account::queues::evaluate
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueMessageSender)
  }
}

resource settingAside 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::undelivered.id, principalId, roles.blobDataContributor)
  scope: account::blobs::undelivered
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
  }
}
