/** The detectors of Demand Layering with all their filters, against the reference: a minute each. */
import { checkNetwork } from '../darknet/run-network.ts';

describe('Darknet networks of full width', () => {
  for (const name of ['yolov3', 'yolov4']) it(name, () => checkNetwork(name, 64));
});
