// What the poller does for MLflow objects, in one process: loading takes most of the time of these tests.
import './mlflow/ca-secret.ts'
import './mlflow/entries.ts'
import './mlflow/in-namespace.ts'
import './mlflow/observer.ts'
import './mlflow/references.ts'
