terraform {
  required_version = ">= 1.7"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.20, < 8.0"
    }
  }
}

variable "project_id" {
  type = string
}

provider "google" {
  project = var.project_id
  region  = "europe-west1"
}

module "sluice" {
  source = "../.."

  project_id           = var.project_id
  location             = "europe-west1"
  stage                = "prod"
  package_folder       = "${path.module}/../../../../dist/gcp"
  registry_project_ids = [var.project_id]

  registry_repositories = [
    { project = var.project_id, location = "europe-west1", repository = "containers" },
  ]

  secrets = {
    intake  = ["harbor-events"]
    deliver = ["flux-production"]
  }
}

output "intake_url" {
  value = module.sluice.intake_url
}
