# Looks at the databases while a server of before still runs: fails where they would have to be migrated first. Changes nothing.
log=$TERMINATION_LOG
export TERMINATION_LOG=/tmp/told.json
code=0
/bin/sh -ec "$MIGRATION_LAUNCHER" || code=$?
cat "$TERMINATION_LOG" > "$log" || true
[ "$code" -eq 0 ] || exit "$code"
# A database without tables gets them from the server when it starts.
for python in python3.12 python3 python; do
  "$python" -c 'import json' 2> /dev/null || continue
  exec "$python" -c '
import json, os, sys
told = json.load(open(os.environ["TERMINATION_LOG"]))
behind = ["%s %s -> %s" % (s["store"], s["before"], s["head"]) for s in told["stores"] if s["before"] is not None and s["before"] != s["head"]]
if behind:
    message = "The databases must be migrated for MLflow %s (%s) while no server runs. Nothing was changed. Make a backup, stop the server with helm upgrade --reuse-values --set stopped=true, and then upgrade with stopped=false." % (told["version"], ", ".join(behind))
    print(message)
    open(sys.argv[1], "w").write(json.dumps({"reason": "MigrationNeeded", "message": message, "result": told}))
    sys.exit(16)
' "$log"
done
