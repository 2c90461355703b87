// Everything of one stage but the registries.
param stage string
param location string
param tags object
param alertEmail string
param operatorPrincipalId string
param publishDecisions bool
param sweepSchedule string

var token = uniqueString(subscription().id, resourceGroup().id, stage)
var decisionTopicName = publishDecisions ? 'evgt-sluice-${stage}-${token}' : ''
var shared = {
  SLUICE_STORAGE__queueServiceUri: storage.outputs.queueUri
  SLUICE_STORAGE__tableServiceUri: storage.outputs.tableUri
}
var telling = publishDecisions ? { SLUICE_EVENT_GRID_ENDPOINT: decisions!.properties.endpoint } : {}

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  params: {
    stage: stage
    location: location
    tags: tags
    alertEmail: alertEmail
  }
}

module storage 'storage.bicep' = {
  name: 'storage'
  params: {
    name: 'stsluice${token}'
    location: location
    tags: tags
  }
}

resource decisions 'Microsoft.EventGrid/topics@2025-02-15' = if (publishDecisions) {
  name: 'evgt-sluice-${stage}-${token}'
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    // No topic key: who may send is a matter of roles.
    disableLocalAuth: true
    publicNetworkAccess: 'Enabled'
    minimumTlsVersionAllowed: '1.2'
  }
}

module intake 'app.bicep' = {
  name: 'intake'
  params: {
    app: 'intake'
    stage: stage
    location: location
    tags: tags
    token: token
    settings: shared
    insightsName: monitoring.outputs.insightsName
    operatorPrincipalId: operatorPrincipalId
  }
}

module evaluate 'app.bicep' = {
  name: 'evaluate'
  params: {
    app: 'evaluate'
    stage: stage
    location: location
    tags: tags
    token: token
    settings: union(shared, telling)
    insightsName: monitoring.outputs.insightsName
    operatorPrincipalId: operatorPrincipalId
  }
}

module deliver 'app.bicep' = {
  name: 'deliver'
  params: {
    app: 'deliver'
    stage: stage
    location: location
    tags: tags
    token: token
    settings: union(shared, telling)
    insightsName: monitoring.outputs.insightsName
    operatorPrincipalId: operatorPrincipalId
  }
}

module sweep 'app.bicep' = {
  name: 'sweep'
  params: {
    app: 'sweep'
    stage: stage
    location: location
    tags: tags
    token: token
    settings: union(shared, { SLUICE_SWEEP_SCHEDULE: sweepSchedule })
    insightsName: monitoring.outputs.insightsName
    operatorPrincipalId: operatorPrincipalId
  }
}

module inputs 'app.bicep' = {
  name: 'inputs'
  params: {
    app: 'inputs'
    stage: stage
    location: location
    tags: tags
    token: token
    settings: shared
    insightsName: monitoring.outputs.insightsName
    operatorPrincipalId: operatorPrincipalId
  }
}

module rights 'rights.bicep' = {
  name: 'rights'
  params: {
    storageAccountName: storage.outputs.name
    principals: {
      intake: intake.outputs.principalId
      evaluate: evaluate.outputs.principalId
      deliver: deliver.outputs.principalId
      sweep: sweep.outputs.principalId
      inputs: inputs.outputs.principalId
    }
    operatorPrincipalId: operatorPrincipalId
    decisionTopicName: decisionTopicName
  }
  dependsOn: [
    decisions
  ]
}

module alerts 'alerts.bicep' = {
  name: 'alerts'
  params: {
    stage: stage
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    actionGroupId: monitoring.outputs.actionGroupId
    intakeSiteId: intake.outputs.siteId
    storageAccountId: storage.outputs.id
  }
}

output storageAccountId string = storage.outputs.id
output storageAccountName string = storage.outputs.name
output actionGroupId string = monitoring.outputs.actionGroupId
output queueUri string = storage.outputs.queueUri
output tableUri string = storage.outputs.tableUri
output evaluateVaultUri string = evaluate.outputs.vaultUri
output intakeUrl string = 'https://${intake.outputs.hostName}'
output inputsUrl string = 'https://${inputs.outputs.hostName}'
@description('Object ids of the identities that read registries.')
output registryReaders array = [evaluate.outputs.principalId]
output vaults object = {
  intake: intake.outputs.vaultName
  evaluate: evaluate.outputs.vaultName
  deliver: deliver.outputs.vaultName
  sweep: sweep.outputs.vaultName
  inputs: inputs.outputs.vaultName
}
@description('Object ids of the apps: what a generic-oidc Receiver compares the claim oid with is that of deliver.')
output identities object = {
  intake: intake.outputs.principalId
  evaluate: evaluate.outputs.principalId
  deliver: deliver.outputs.principalId
  sweep: sweep.outputs.principalId
  inputs: inputs.outputs.principalId
}
