variable "project_id" {
  description = "Project that Sluice runs in."
  type        = string
}

variable "location" {
  description = "Region of the functions, the queue and the timers."
  type        = string
  default     = "europe-west1"
}

variable "stage" {
  description = "Name of this deployment; everything it makes is called sluice-<stage>."
  type        = string
  default     = "prod"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,11}$", var.stage))
    error_message = "The stage is lower-case letters and digits, at most 12: service account names allow no more."
  }
}

variable "package_folder" {
  description = "Where `npm run package:gcp` wrote the functions."
  type        = string
}

variable "registry_project_ids" {
  description = "Projects whose Artifact Registry events (topic gcr) are followed. The topic must be there; see create_gcr_topic."
  type        = set(string)
  default     = []
}

variable "create_gcr_topic" {
  description = "Makes the topic gcr in project_id. Artifact Registry makes it itself where its API is on."
  type        = bool
  default     = false
}

variable "registry_repositories" {
  description = "Artifact Registry repositories that are read to verify what was pushed."
  type = list(object({
    project    = string
    location   = string
    repository = string
  }))
  default = []
}

variable "policy_repositories" {
  description = "Of these, the ones that sluice.yaml reads its catalog from (catalog.artifact): every function but intake then reads them."
  type = list(object({
    project    = string
    location   = string
    repository = string
  }))
  default = []
}

variable "catalog_bucket" {
  description = "Bucket of the compiled catalog, where sluice.yaml names one (catalog.object: gs://…)."
  type        = string
  default     = null
}

variable "secrets" {
  description = "Secret Manager secrets by the function that may read them: events' secrets (intake), registries' logins (evaluate), receivers' tokens (deliver), tokens that senders are asked with (sweep), tokens of clusters' inputs (inputs), keys that rules name (evaluate, deliver and inputs)."
  type = object({
    intake   = optional(set(string), [])
    evaluate = optional(set(string), [])
    deliver  = optional(set(string), [])
    sweep    = optional(set(string), [])
    inputs   = optional(set(string), [])
  })
  default = {}
}

variable "intake_enabled" {
  description = "Serves registries that send webhooks, and other projects' push subscriptions. Off: only Artifact Registry's events come in."
  type        = bool
  default     = true
}

variable "inputs_enabled" {
  description = "Serves clusters' verified versions to their flux-operators (`inputs` of a cluster in sluice.yaml)."
  type        = bool
  default     = false
}

variable "publish_decisions" {
  description = "Publishes each decision and delivery to the topic sluice-<stage>-decisions."
  type        = bool
  default     = false
}

variable "limits" {
  description = "Instances, requests to one instance at a time, and memory of each function."
  type = map(object({
    max_instances = number
    concurrency   = number
    memory        = string
  }))
  default = {
    intake   = { max_instances = 10, concurrency = 40, memory = "512M" }
    evaluate = { max_instances = 20, concurrency = 8, memory = "512M" }
    deliver  = { max_instances = 20, concurrency = 16, memory = "512M" }
    sweep    = { max_instances = 1, concurrency = 1, memory = "512M" }
    inputs   = { max_instances = 4, concurrency = 16, memory = "512M" }
  }
}

variable "sweep_schedule" {
  description = "When every repository is looked at anew; as often as sweep.interval in sluice.yaml says."
  type        = string
  default     = "*/15 * * * *"
}

variable "firestore_location" {
  description = "Location of the Firestore database; default: the region. It cannot be changed later."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Keeps the Firestore database when the rest is destroyed."
  type        = bool
  default     = true
}

variable "vpc_connector" {
  description = "Serverless VPC Access connector, for clusters on private addresses."
  type        = string
  default     = null
}

variable "kms_key_name" {
  description = "Key that encrypts the topics; default: Google's own."
  type        = string
  default     = null
}

variable "notification_channels" {
  description = "Where alerts go (projects/…/notificationChannels/…)."
  type        = list(string)
  default     = []
}

variable "labels" {
  description = "Labels of everything that takes some."
  type        = map(string)
  default     = {}
}
