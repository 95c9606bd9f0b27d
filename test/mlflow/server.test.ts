// An MLflow server itself. One process for all of it, for the kind takes longer to load than each of these to run; each file can be run by itself.
import './server/command-line.ts'
import './server/environment.ts'
import './server/volumes.ts'
import './server/rules.ts'
import './server/status.ts'
