// Images of pods that the hooks ask for.
import t from 'tap'
import { jobsImage, runtimeImage } from '../../hooks/core/images.ts'
import { RELEASE } from '../../hooks/settings.ts'

t.test('images come from the settings, or are the pinned ones', async (t) => {
  const images = { jobs: 'r/sluice:2', runtimes: { triton: 'r/triton:2' } }
  t.equal(jobsImage(images), 'r/sluice:2')
  t.equal(jobsImage(undefined), `sluice:${RELEASE}`, 'the one of this release')
  t.equal(runtimeImage(images, 'triton', 'triton:1'), 'r/triton:2')
  t.equal(runtimeImage(images, 'constructor', 'pinned:1'), 'pinned:1')
  t.equal(runtimeImage({}, 'triton', 'triton:1'), 'triton:1')
})
