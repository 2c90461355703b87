// What each app may do with what the stage keeps; at one queue or one table, never at the account.
param storageAccountName string
@description('Object ids of the identities of intake, evaluate, deliver, sweep and inputs.')
param principals object
@description('May read and change state, and replay dead letters. Empty: nobody.')
param operatorPrincipalId string
@description('Name of the topic that decisions are told to. Empty: there is none.')
param decisionTopicName string

var roles = {
  queueReader: '19e7f393-937e-4f77-808e-94535e297925'
  queueMessageProcessor: '8a0f0c08-91a1-4084-bc3d-661d67233fed'
  queueMessageSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  tableContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  eventGridSender: 'd5a91429-5739-47e2-a06b-3470a27159e7'
}

// Who takes work from a queue also puts it back there, to be tried again.
var atQueues = [
  { queue: 'sluice-evaluate', principal: principals.intake, role: roles.queueMessageSender }
  { queue: 'sluice-evaluate', principal: principals.evaluate, role: roles.queueReader }
  { queue: 'sluice-evaluate', principal: principals.evaluate, role: roles.queueMessageProcessor }
  { queue: 'sluice-evaluate', principal: principals.evaluate, role: roles.queueMessageSender }
  { queue: 'sluice-evaluate-poison', principal: principals.evaluate, role: roles.queueReader }
  { queue: 'sluice-evaluate-poison', principal: principals.evaluate, role: roles.queueMessageProcessor }
  { queue: 'sluice-evaluate-poison', principal: principals.evaluate, role: roles.queueMessageSender }
  { queue: 'sluice-deliver', principal: principals.evaluate, role: roles.queueMessageSender }
  { queue: 'sluice-deliver', principal: principals.deliver, role: roles.queueReader }
  { queue: 'sluice-deliver', principal: principals.deliver, role: roles.queueMessageProcessor }
  { queue: 'sluice-deliver', principal: principals.deliver, role: roles.queueMessageSender }
  { queue: 'sluice-deliver-poison', principal: principals.deliver, role: roles.queueReader }
  { queue: 'sluice-deliver-poison', principal: principals.deliver, role: roles.queueMessageProcessor }
  { queue: 'sluice-deliver-poison', principal: principals.deliver, role: roles.queueMessageSender }
  { queue: 'sluice-evaluate', principal: principals.deliver, role: roles.queueMessageSender }
  { queue: 'sluice-evaluate', principal: principals.sweep, role: roles.queueMessageSender }
  { queue: 'sluice-deliver', principal: principals.sweep, role: roles.queueMessageSender }
]
var atTables = [
  { table: 'sluicestate', principal: principals.evaluate }
  { table: 'sluicestate', principal: principals.deliver }
  { table: 'sluicestate', principal: principals.sweep }
  { table: 'sluicedeadletters', principal: principals.evaluate }
  { table: 'sluicedeadletters', principal: principals.deliver }
  { table: 'sluicedeadletters', principal: principals.sweep }
  // Reads rows, and remembers what it served; it has no queue.
  { table: 'sluicestate', principal: principals.inputs }
  // The number of its events, and nothing else: strangers reach it.
  { table: 'sluicelimits', principal: principals.intake }
]

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageAccountName
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2023-05-01' existing = {
  parent: account
  name: 'default'
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2023-05-01' existing = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2023-05-01' existing = [
  for right in atQueues: { parent: queueService, name: right.queue }
]

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2023-05-01' existing = [
  for right in atTables: { parent: tableService, name: right.table }
]

resource working 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (right, index) in atQueues: {
    name: guid(account.id, right.queue, right.principal, right.role)
    scope: queues[index]
    properties: {
      principalId: right.principal
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', right.role)
    }
  }
]

resource keeping 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (right, index) in atTables: {
    name: guid(account.id, right.table, right.principal, roles.tableContributor)
    scope: tables[index]
    properties: {
      principalId: right.principal
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableContributor)
    }
  }
]

resource operating 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [roles.tableContributor, roles.queueMessageSender]: if (!empty(operatorPrincipalId)) {
    name: guid(account.id, operatorPrincipalId, role)
    scope: account
    properties: {
      principalId: operatorPrincipalId
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource decisions 'Microsoft.EventGrid/topics@2025-02-15' existing = if (!empty(decisionTopicName)) {
  name: decisionTopicName
}

resource telling 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for principal in [principals.evaluate, principals.deliver]: if (!empty(decisionTopicName)) {
    name: guid(decisions.id, principal, roles.eventGridSender)
    scope: decisions
    properties: {
      principalId: principal
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.eventGridSender)
    }
  }
]
