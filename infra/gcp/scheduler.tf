locals {
  timers = {
    # Hints that were lost, Pub/Sub's dead letters.
    due = "* * * * *"
    # What no event told.
    repositories = var.sweep_schedule
    # Records older than state.retention.
    prune = "17 3 * * *"
  }
}

resource "google_cloud_scheduler_job" "sweep" {
  for_each = local.timers

  project          = var.project_id
  region           = var.location
  name             = "${local.prefix}-${each.key}"
  schedule         = each.value
  time_zone        = "Etc/UTC"
  attempt_deadline = "${local.timeouts.sweep}s"

  retry_config {
    retry_count          = 2
    min_backoff_duration = "5s"
    max_backoff_duration = "30s"
  }

  http_target {
    http_method = "POST"
    uri         = "${google_cloudfunctions2_function.this["sweep"].service_config[0].uri}/${each.key}"

    oidc_token {
      service_account_email = google_service_account.helper["timer"].email
      audience              = google_cloudfunctions2_function.this["sweep"].service_config[0].uri
    }
  }
}
