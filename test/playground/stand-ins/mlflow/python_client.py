"""Drives the stand-in with MLflow's own Python client; see README.md here."""
import sys

from mlflow import MlflowClient
from mlflow.exceptions import RestException

client = MlflowClient(tracking_uri=sys.argv[1], registry_uri=sys.argv[1])

client.create_registered_model("churn", tags={"team": "risk"}, description="who leaves")
first = client.create_model_version("churn", "s3://models/churn/1")
second = client.create_model_version("churn", "s3://models/churn/2", tags={"checked": "yes"})
assert (first.version, second.version) == ("1", "2") or (first.version, second.version) == (1, 2)

client.set_registered_model_alias("churn", "champion", first.version)
assert int(client.get_model_version_by_alias("churn", "champion").version) == 1
client.set_registered_model_alias("churn", "champion", second.version)
assert client.get_model_version_by_alias("churn", "champion").tags == {"checked": "yes"}
assert {name: int(v) for name, v in client.get_registered_model("churn").aliases.items()} == {"champion": 2}
assert client.get_model_version_download_uri("churn", "2") == "s3://models/churn/2"

for number in range(5):
    client.create_registered_model(f"other-{number}")
page = client.search_registered_models(max_results=4)
rest = client.search_registered_models(max_results=4, page_token=page.token)
assert [len(page), len(rest), rest.token or None] == [4, 2, None]
assert [m.name for m in client.search_registered_models("name LIKE 'other-%'", order_by=["name DESC"])][0] == "other-4"
assert [int(v.version) for v in client.search_model_versions("name = 'churn'")] == [2, 1]

client.set_model_version_tag("churn", "1", "note", "old")
client.delete_model_version_tag("churn", "1", "note")
client.set_registered_model_tag("churn", "team", "fraud")
client.delete_registered_model_alias("churn", "champion")
for ask, code in [
    (lambda: client.get_model_version_by_alias("churn", "champion"), "INVALID_PARAMETER_VALUE"),
    (lambda: client.get_registered_model("missing"), "RESOURCE_DOES_NOT_EXIST"),
    (lambda: client.create_registered_model("churn"), "RESOURCE_ALREADY_EXISTS"),
]:
    try:
        ask()
    except RestException as error:
        assert error.error_code == code, error
    else:
        raise AssertionError(code)
client.delete_model_version("churn", "2")
client.delete_registered_model("churn")
print("the client and the stand-in agree")
