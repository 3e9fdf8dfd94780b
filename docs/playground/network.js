/* Networks of dense layers, and the packed numbers that they are made of.

   A file of weights calls `Playground.store(name, content)`; pages opened from a folder may not
   `fetch`, but they may load scripts. `content` has
     arrays: [{name, dtype, shape, scaled}], in the order in which they lie in `data`
     parts:  {encoder: [{kernel, bias, activation, transposed}], ...}, if it is a network
     data:   base64 of deflated bytes, little-endian; before an array that is `scaled` stand
             float32 numbers, one for each entry of its last axis, by which to multiply
   and whatever else a page wants to know. */
"use strict";

const Playground = (() => {
  const waiting = new Map(); // name of a file -> {promise, arrived}
  const types = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, float32: Float32Array };

  /* What a file of weights calls. */
  function store(name, content) {
    waiting.get(name).arrived(content);
  }

  /* A promise of what is in `weights/<name>.js`: its content, with arrays by name and networks by part. */
  function load(name) {
    if (!waiting.has(name)) {
      const entry = {};
      const script = document.createElement("script");
      script.src = `weights/${name}.js`;
      entry.promise = new Promise((resolve, reject) => {
        entry.arrived = resolve;
        script.onerror = () => reject(new Error(`${script.src} is missing: run \`make weights\`.`));
      }).then(unpack);
      entry.promise.catch(() => waiting.delete(name)); // so that it can be asked for again
      waiting.set(name, entry);
      document.head.append(script);
    }
    return waiting.get(name).promise;
  }

  async function unpack(content) {
    const packed = Uint8Array.from(atob(content.data), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    const bytes = await new Response(stream).arrayBuffer();
    let offset = 0;
    const take = (Type, count) => {
      const end = offset + count * Type.BYTES_PER_ELEMENT;
      const array = new Type(bytes.slice(offset, end)); // a copy: views must start at multiples of their size
      offset = end;
      return array;
    };
    const arrays = {};
    for (const { name, dtype, shape, scaled } of content.arrays) {
      const columns = shape.at(-1);
      const scale = scaled && take(Float32Array, columns);
      const whole = take(types[dtype], shape.reduce((a, b) => a * b, 1));
      arrays[name] = scaled ? Float32Array.from(whole, (value, i) => value * scale[i % columns]) : whole;
      arrays[name].shape = shape;
    }
    const networks = {};
    for (const [part, layers] of Object.entries(content.parts ?? {})) networks[part] = new Network(layers, arrays);
    return { ...content, data: null, arrays, ...networks };
  }

  /* erf by its series of positive terms; beyond 4 it is 1 but for 2e-8. */
  function erf(x) {
    const square = x * x;
    if (square > 16) return Math.sign(x);
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-9 * Math.abs(sum); n++) {
      term *= (2 * square) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-square) * sum;
  }

  const activations = {
    linear: (x) => x,
    relu: (x) => Math.max(x, 0),
    elu: (x) => (x > 0 ? x : Math.expm1(x)),
    tanh: Math.tanh,
    sigmoid: (x) => 1 / (1 + Math.exp(-x)),
    gelu: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  };

  /* Dense layers in a row. */
  class Network {
    constructor(layers, arrays) {
      this.layers = layers.map(({ kernel, bias, activation, transposed }) => ({
        kernel: transposed ? transpose(arrays[kernel]) : arrays[kernel],
        bias: arrays[bias],
        activation: activations[activation],
      }));
    }

    /* Output of the last layer for one input: Float32Array to Float32Array. Or of some layers only. */
    run(x, { from = 0, until = this.layers.length } = {}) {
      for (const layer of this.layers.slice(from, until)) x = dense(layer, x);
      return x;
    }
  }

  function dense({ kernel, bias, activation }, x) {
    const sums = Float64Array.from(bias);
    const units = sums.length;
    for (let i = 0, row = 0; i < x.length; i++, row += units) {
      const value = x[i];
      if (value === 0) continue; // most of a digit is black
      for (let j = 0; j < units; j++) sums[j] += value * kernel[row + j];
    }
    return Float32Array.from(sums, activation);
  }

  function transpose(matrix) {
    const [rows, columns] = matrix.shape;
    const turned = new Float32Array(matrix.length);
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) turned[j * rows + i] = matrix[i * columns + j];
    turned.shape = [columns, rows];
    return turned;
  }

  /* Squared error of a picture: the sum over its pixels. */
  function squaredError(x, xHat) {
    return x.reduce((sum, value, i) => sum + (value - xHat[i]) ** 2, 0);
  }

  /* PSNR in decibels; pixels go from 0 to 1. */
  function psnr(x, xHat) {
    return -10 * Math.log10(squaredError(x, xHat) / x.length);
  }

  return { store, load, Network, squaredError, psnr };
})();
