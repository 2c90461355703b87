# Runs where the providers can be had: terraform init && terraform test. It makes nothing: the providers are mocked.
mock_provider "google" {
  mock_data "google_project" {
    defaults = {
      number = "1234567890"
    }
  }
}

mock_provider "archive" {}

variables {
  project_id           = "acme-prod"
  package_folder       = "../../dist/gcp"
  registry_project_ids = ["acme-prod"]
}

run "only_intake_is_public" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service_iam_member.anybody_reaches_intake[0].member == "allUsers"
    error_message = "Registries must reach intake."
  }

  assert {
    condition     = alltrue([for name, one in google_cloudfunctions2_function.this : one.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY" if name != "intake"])
    error_message = "Only intake may be reached from outside."
  }
}

run "without_intake_nothing_is_public" {
  command = plan

  variables {
    intake_enabled = false
  }

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.anybody_reaches_intake) == 0
    error_message = "Without intake nothing may be public."
  }
}

run "inputs_are_served_where_they_are_asked_for" {
  command = plan

  variables {
    inputs_enabled = true
  }

  assert {
    condition     = google_cloud_run_v2_service_iam_member.anybody_reaches_inputs[0].member == "allUsers"
    error_message = "Clusters must reach inputs."
  }

  assert {
    condition     = alltrue([for key in keys(google_pubsub_topic_iam_member.publish) : !startswith(key, "inputs-")])
    error_message = "Inputs may publish nothing."
  }
}

run "a_stage_must_fit_into_account_names" {
  command = plan

  variables {
    stage = "production-europe"
  }

  expect_failures = [var.stage]
}
