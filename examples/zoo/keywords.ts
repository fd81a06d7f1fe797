/**
 * A keyword spotter, the "basic LSTM" of Hello Edge (Zhang et al. 2017, arXiv 1711.07128, table 3): a second of speech as
 * 10 cepstral coefficients of 40 ms, every 20 ms; what the memory holds at the end decides among ten words, silence, and
 * any other word.
 */
import { defineModel, tensor } from 'millrace';
import { dense, lstm, narrow, softmax, squeeze } from 'millrace/layers';

const FRAMES = 49;

export const keywords = () =>
  defineModel('keywords_lstm', { speech: tensor('float32', [1, FRAMES, 10]) }, ({ speech }) => {
    const states = lstm(speech, { units: 118 });
    const last = squeeze(narrow(states, 1, FRAMES - 1, 1), 1);
    return { probs: softmax(dense(last, { name: 'classifier', units: 12 })) };
  });
