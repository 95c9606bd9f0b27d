# Logs and registers what the tests of downloads need, with MLflow's own client, and prints the names of it as JSON. Arguments: the server, a folder with the
# model's files, and where a second experiment keeps its artifacts.
import json
import sys

from mlflow import MlflowClient

server, files, elsewhere = sys.argv[1:]
client = MlflowClient(tracking_uri=server, registry_uri=server)


def log(experiment, name):
    run = client.create_run(experiment)
    client.log_artifacts(run.info.run_id, files, "stuff")
    model = client.create_logged_model(experiment, name="model", source_run_id=run.info.run_id)
    client.log_model_artifacts(model.model_id, files)
    client.create_registered_model(name)
    client.create_model_version(name, source=f"models:/{model.model_id}", run_id=run.info.run_id, model_id=model.model_id)
    client.create_model_version(name, source=f"{run.info.artifact_uri}/stuff", run_id=run.info.run_id)
    client.set_registered_model_alias(name, "champion", "1")
    return {"run": run.info.run_id, "model": model.model_id, "artifacts": run.info.artifact_uri}


print(json.dumps({
    "proxied": log(client.create_experiment("proxied"), "proxied"),
    "elsewhere": log(client.create_experiment("elsewhere", artifact_location=elsewhere), "elsewhere"),
}))
