// All runtimes by their name in specs. Adding one takes its import and its line here.
import { fastapiPytorch } from './fastapi-pytorch.ts'
import { mlserver } from './mlserver.ts'
import { tensorflowServing } from './tensorflow-serving.ts'
import { torchserve } from './torchserve.ts'
import { triton } from './triton.ts'

export const runtimes = {
  'tensorflow-serving': tensorflowServing,
  mlserver,
  triton,
  torchserve,
  'fastapi-pytorch': fastapiPytorch
}

export type RuntimeName = keyof typeof runtimes
