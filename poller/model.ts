// The objects that the poller looks at, as the API server has checked them against their schema, and what it finds about one.
import type { Parent } from '../hooks/core/request.ts'
import type { Spec, Status } from '../hooks/mlflow-model/schema.ts'

export type Model = Parent<Spec, Status>

/** What is to be written on one object. */
export type Finding<Fact> = { uid: string, namespace: string, name: string, fact: Fact }
