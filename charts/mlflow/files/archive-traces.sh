for python in python3.12 python3 python; do
  if "$python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("mlflow") is None)' 2> /dev/null; then
    exec "$python" -c 'from mlflow.tracing.trace_archival_service import run_trace_archival_scheduler; run_trace_archival_scheduler()'
  fi
done
echo 'The image has no Python with an MLflow on its PATH: set spec.image to an image of MLflow.'
exit 14
