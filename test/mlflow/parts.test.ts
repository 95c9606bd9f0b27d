// What stands around an MLflow server. One process for all of it, for the kind takes longer to load than each of these to run; each file can be run by itself.
import './parts/namespace-access.ts'
import './parts/network-policy.ts'
import './parts/routes.ts'
import './parts/surroundings.ts'
import './parts/tasks.ts'
