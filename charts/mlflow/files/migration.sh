for python in python3.12 python3 python; do
  if "$python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("mlflow") is None)' 2> /dev/null; then
    exec "$python" -c "$MIGRATION_PYTHON_SCRIPT"
  fi
done
message='{"reason":"NoMlflow","message":"The image has no Python with an MLflow on its PATH: set spec.image to an image of MLflow.","result":{"version":null,"stores":[]}}'
echo "$message"
echo "$message" > "$TERMINATION_LOG" || true
exit 14
