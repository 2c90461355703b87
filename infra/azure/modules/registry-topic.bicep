// A registry's system topic and the rights to read the registry; in the registry's own resource group.
param registryName string
param location string
param systemTopicName string
param abac bool
@description('Object ids of the identities that read artifacts.')
param readers array
param tags object

var roles = {
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
  repositoryReader: 'b93aa761-3e63-49ed-ac28-beffa264f7ac'
}
var readerRole = abac ? roles.repositoryReader : roles.acrPull

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = {
  name: registryName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: systemTopicName
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    source: registry.id
    topicType: 'Microsoft.ContainerRegistry.Registries'
  }
}

resource reading 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for reader in readers: {
    name: guid(registry.id, reader, readerRole)
    scope: registry
    properties: {
      principalId: reader
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', readerRole)
    }
  }
]

output principalId string = topic.identity.principalId
