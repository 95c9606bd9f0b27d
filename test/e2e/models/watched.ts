// One MLModel, ModelDeployment or MLflow object as a person with kubectl sees it.
import type { Parent } from '../../../hooks/core/request.ts'
import type { Spec as ModelSpec, Status as ModelStatus } from '../../../hooks/ml-model/schema.ts'
import type { Spec as MlflowSpec, Status as MlflowStatus } from '../../../hooks/mlflow/schema.ts'
import type { Spec as DeploymentSpec, Status as DeploymentStatus } from '../../../hooks/model-deployment/schema.ts'
import type { Api } from '../api.ts'
import { until } from '../until.ts'

/** By the plural of the kind. */
interface Kinds { mlmodels: Parent<ModelSpec, ModelStatus>, modeldeployments: Parent<DeploymentSpec, DeploymentStatus>, mlflows: Parent<MlflowSpec, MlflowStatus> }

export interface Watched<T> {
  /** Resolves with the object once `condition` is true of it. Throws after `seconds`, with the last state in words. */
  until: (what: string, condition: (object: T) => boolean, seconds?: number) => Promise<T>
}

/** Watches the object of this name. */
export function watch<P extends keyof Kinds> (api: Api, plural: P, name: string, namespace = 'models'): Watched<Kinds[P]> {
  const path = `/apis/sluice.dev/v1alpha1/${plural === 'mlflows' ? '' : `namespaces/${namespace}/`}${plural}/${name}`
  return {
    async until (what, condition, seconds = 60) {
      let last: Kinds[P] | undefined
      try {
        await until(what, async () => (last = await api.get<Kinds[P]>(path)) !== undefined && condition(last), seconds, 100)
      } catch (error) {
        throw new Error(`${String(error)}. Last seen: ${JSON.stringify(last?.status)} ${JSON.stringify(last?.metadata.annotations)}`)
      }
      return last as Kinds[P]
    }
  }
}

interface Conditioned { status?: { conditions?: Array<{ type: string, status: string, reason: string, message: string }> } }

/** A condition as `Status/Reason`, such as `True/Serving`. */
export function conditionIn ({ status }: Conditioned, type: string): string {
  const found = status?.conditions?.find((condition) => condition.type === type)
  return found ? `${found.status}/${found.reason}` : ''
}

/** The command that an error tells people to enter, without the program. */
export function commandIn (error = ''): string {
  const [, command] = /kubectl (annotate .*?sluice\.dev\/retry=\d+(?: --overwrite)?)/.exec(error) ?? []
  if (command === undefined) throw new Error(`no command to try again in: ${error}`)
  return command
}
