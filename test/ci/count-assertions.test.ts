// The numbers that .ci/run prints at its end.
import t from 'tap'
import { countAssertions } from '../../.ci/count-assertions.ts'

const lines = (...text: string[]) => `TAP version 14\n${text.join('\n')}\n`

const rows = [
  { name: 'assertions count, on their side', tap: lines('1..2', 'ok 1 - a', 'not ok 2 - b'), want: { passed: 1, failed: 1 } },
  { name: 'the summary of a subtest does not', tap: lines('# Subtest: s', '    ok 1 - a', '    ok 2 - b', '    1..2', 'ok 1 - s', '1..1'), want: { passed: 2, failed: 0 } },
  {
    name: 'nor does that of a subtest with a failure, at any depth',
    tap: lines('# Subtest: file', '    # Subtest: s', '        ok 1 - a', '        not ok 2 - b', '        1..2', '    not ok 1 - s', '    1..1', 'not ok 1 - file', '1..1'),
    want: { passed: 1, failed: 1 }
  },
  { name: 'a summary that fails although all within has passed does: a timeout, an exit code', tap: lines('# Subtest: file', '    ok 1 - a', '    1..1', 'not ok 1 - file # time=110000ms', '1..1'), want: { passed: 1, failed: 1 } },
  { name: 'an assertion after a subtest counts again', tap: lines('# Subtest: s', '    ok 1 - a', '    1..1', 'ok 1 - s', 'ok 2 - b', '1..2'), want: { passed: 2, failed: 0 } },
  { name: 'that of a subtest without assertions does: it has not thrown', tap: lines('# Subtest: s', '    1..0', 'ok 1 - s', '1..1'), want: { passed: 1, failed: 0 } },
  { name: 'what is skipped or to be done counts on neither side', tap: lines('1..3', 'ok 1 - a # SKIP no kubectl', 'not ok 2 - b # TODO', 'ok 3 - c'), want: { passed: 1, failed: 0 } },
  { name: 'words that look like results in a message count as nothing', tap: lines('ok 1 - a', '  ---', '  message: |', '    not ok 2 - b', '  ...', '1..1'), want: { passed: 1, failed: 0 } },
  { name: 'a stream that ends before its plan is a failure', tap: lines('1..3', 'ok 1 - a'), want: { passed: 1, failed: 1 } },
  { name: 'a bail out is a failure', tap: lines('ok 1 - a', 'Bail out! the disk is full'), want: { passed: 1, failed: 1 } },
  { name: 'an empty file is a failure', tap: '', want: { passed: 0, failed: 1 } }
]

for (const { name, tap, want } of rows) {
  t.test(name, async (t) => {
    const { passed, failures } = countAssertions(tap)
    t.strictSame({ passed, failed: failures.length }, want)
  })
}

t.test('a failure has its whole name and its diagnosis', async (t) => {
  const tap = lines('# Subtest: file', '    # Subtest: s', '        not ok 1 - b', '          ---', '          found: 1', '          ...', '        1..1', '    not ok 1 - s', '    1..1', 'not ok 1 - file', '1..1')
  t.strictSame(countAssertions(tap).failures, [{ name: 'file > s > b', diagnosis: { found: 1 } }])
})
