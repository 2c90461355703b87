resource "google_storage_bucket" "source" {
  #checkov:skip=CKV_GCP_62:Holds our own code alone, read by Google's build; who read it is in the audit log.
  project                     = var.project_id
  name                        = "${var.project_id}-${local.prefix}-source"
  location                    = var.location
  labels                      = local.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
      num_newer_versions = 10
    }
    action {
      type = "Delete"
    }
  }
}

data "archive_file" "source" {
  for_each = local.functions

  type             = "zip"
  source_dir       = "${var.package_folder}/${each.value}"
  output_path      = "${var.package_folder}/${each.value}.zip"
  output_file_mode = "0644"
}

resource "google_storage_bucket_object" "source" {
  for_each = local.functions

  bucket = google_storage_bucket.source.name
  # Another content is another object: the function is built anew for it, and the one before is still there.
  name   = "${each.value}-${data.archive_file.source[each.value].output_sha256}.zip"
  source = data.archive_file.source[each.value].output_path
}

resource "google_cloudfunctions2_function" "this" {
  #checkov:skip=CKV_GCP_124:Registries send to intake from the internet, flux-operators ask inputs, and both prove themselves there; the others are internal.
  for_each = local.functions

  project     = var.project_id
  location    = var.location
  name        = "${local.prefix}-${each.value}"
  description = "Sluice ${var.stage}: ${each.value}"
  labels      = local.labels

  build_config {
    runtime         = "nodejs24"
    entry_point     = each.value
    service_account = google_service_account.helper["build"].id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.source[each.value].name
      }
    }
  }

  service_config {
    available_cpu                    = "1"
    available_memory                 = var.limits[each.value].memory
    max_instance_count               = var.limits[each.value].max_instances
    max_instance_request_concurrency = var.limits[each.value].concurrency
    timeout_seconds                  = local.timeouts[each.value]
    service_account_email            = google_service_account.function[each.value].email
    environment_variables            = local.environment
    # Pub/Sub and Cloud Scheduler of this project count as internal; only intake and inputs are for others.
    ingress_settings              = contains(["intake", "inputs"], each.value) ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    vpc_connector                 = each.value == "deliver" || each.value == "evaluate" ? var.vpc_connector : null
    vpc_connector_egress_settings = var.vpc_connector != null && contains(["deliver", "evaluate"], each.value) ? "PRIVATE_RANGES_ONLY" : null
  }

  depends_on = [
    google_project_iam_member.build,
    google_storage_bucket_iam_member.build_reads_source,
    google_project_service.this,
  ]
}

# Pub/Sub's calls.
resource "google_cloud_run_v2_service_iam_member" "push_invokes" {
  for_each = toset(["evaluate", "deliver"])

  project  = var.project_id
  location = var.location
  name     = google_cloudfunctions2_function.this[each.value].name
  role     = "roles/run.invoker"
  member   = google_service_account.helper["push"].member
}

resource "google_cloud_run_v2_service_iam_member" "timer_invokes" {
  project  = var.project_id
  location = var.location
  name     = google_cloudfunctions2_function.this["sweep"].name
  role     = "roles/run.invoker"
  member   = google_service_account.helper["timer"].member
}

# Registries have no Google account: each source proves itself by what sluice.yaml says.
resource "google_cloud_run_v2_service_iam_member" "anybody_reaches_intake" {
  count = var.intake_enabled ? 1 : 0

  project  = var.project_id
  location = var.location
  name     = google_cloudfunctions2_function.this["intake"].name
  role     = "roles/run.invoker"
  member   = "allUsers"
}

# Nor have clusters: each flux-operator shows the token that sluice.yaml names for its cluster.
resource "google_cloud_run_v2_service_iam_member" "anybody_reaches_inputs" {
  count = var.inputs_enabled ? 1 : 0

  project  = var.project_id
  location = var.location
  name     = google_cloudfunctions2_function.this["inputs"].name
  role     = "roles/run.invoker"
  member   = "allUsers"
}
