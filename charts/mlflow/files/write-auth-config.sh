umask 077
uri=$(printf %s "$MLFLOW_AUTH_DATABASE_URI" | sed 's/%/%%/g')
printf '[mlflow]\ndefault_permission = %s\ndatabase_uri = %s\nadmin_username = admin\n' "$MLFLOW_AUTH_DEFAULT_PERMISSION" "$uri" > "$MLFLOW_AUTH_CONFIG_PATH"
