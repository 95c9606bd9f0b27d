// All kinds. Adding one takes its import and its entry here.
import type { Kind } from './core/kind.ts'
import { mlflowModel } from './mlflow-model/index.ts'
import { mlModel } from './ml-model/index.ts'
import { modelDeployment } from './model-deployment/index.ts'
import { mlflow } from './mlflow/index.ts'

export const kinds: Kind[] = [
  mlflowModel,
  mlModel,
  modelDeployment,
  mlflow
]
