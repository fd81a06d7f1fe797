/**
 * ResNet-152 of the zoo: 60.2 million parameters, 230 MB. The weights are seeded, so the example needs no download;
 * its memory and its delay are those of the trained network.
 */
import { resnet152 } from '../zoo/resnet.ts';

export default resnet152();
