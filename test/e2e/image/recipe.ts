// The Dockerfile as data: its stages, each with its steps in order. What it does not understand it refuses, so that no step is silently left out.
import { DockerfileParser, From, JSONInstruction, Property, type Instruction, type PropertyInstruction } from 'dockerfile-ast'

export type Step =
  | { do: 'copy', from?: string, sources: string[], target: string }
  | { do: 'run', command: string }
  | { do: 'workdir', path: string }

export type Stage = { name: string, base: string, steps: Step[], env: Record<string, string>, user: string, command: string[], ports: number[] }

/** Reads it; the last stage is the image. Throws on an instruction that nothing here carries out. */
export function readRecipe (text: string): Stage[] {
  const stages: Stage[] = []
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction instanceof From) {
      // Arguments before the first FROM are expanded by their defaults.
      const [base = ''] = instruction.getExpandedArguments().map((argument) => argument.getValue())
      stages.push({ name: instruction.getBuildStage() ?? String(stages.length), base, steps: [], env: {}, user: 'root', command: [], ports: [] })
    } else {
      const stage = stages.at(-1)
      if (stage) take(stage, instruction)
      else if (instruction.getKeyword() !== 'ARG') throw refusal(instruction)
    }
  }
  return stages
}

function take (stage: Stage, instruction: Instruction): void {
  const words = instruction.getArguments().map((argument) => argument.getValue())
  switch (instruction.getKeyword()) {
    case 'WORKDIR': stage.steps.push({ do: 'workdir', path: words[0] ?? '/' }); return
    case 'RUN': stage.steps.push({ do: 'run', command: instruction.getArgumentsContent() ?? '' }); return
    case 'COPY': stage.steps.push(copyOf(instruction as JSONInstruction, words)); return
    case 'ENV': Object.assign(stage.env, propertiesOf(instruction as PropertyInstruction)); return
    case 'USER': stage.user = words[0] ?? 'root'; return
    case 'EXPOSE': stage.ports.push(...words.map(Number)); return
    case 'ENTRYPOINT': case 'CMD': stage.command.push(...(instruction as JSONInstruction).getJSONStrings().map((argument) => argument.getJSONValue())); return
    case 'LABEL': return
    default: throw refusal(instruction)
  }
}

function copyOf (instruction: JSONInstruction, words: string[]): Step {
  const flags = Object.fromEntries(instruction.getFlags().map((flag) => [flag.getName(), flag.getValue() ?? '']))
  const { from, ...others } = flags
  if (Object.keys(others).length > 0) throw refusal(instruction)
  return { do: 'copy', ...(from !== undefined && { from }), sources: words.slice(0, -1), target: words.at(-1) ?? '' }
}

function propertiesOf (instruction: PropertyInstruction): Record<string, string> {
  return Object.fromEntries(instruction.getProperties().map((property: Property) => [property.getName(), property.getValue() ?? '']))
}

function refusal (instruction: Instruction): Error {
  return new Error(`the test of the image cannot carry out ${instruction.toString()}; teach it to, or write the Dockerfile otherwise`)
}
