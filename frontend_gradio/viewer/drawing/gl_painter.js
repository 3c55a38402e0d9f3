// Paints a layer with WebGL2, the same pixels as cpu_painter.js: integer textures, and the label coordinates of
// every screen column and row computed once, outside the shader, so that no rounding differs.

const KINDS = { ids: 0, kept: 1, status: 2, codes: 3 };
const VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;
// Names follow cpu_painter.js. gl_FragCoord counts rows from below; `box` is [left, top, width, height] from above.
const FRAGMENT = `#version 300 es
precision highp float; precision highp int; precision highp usampler2D; precision highp isampler2D;
uniform usampler2D prediction, codes, reason, drawn, ids, rule, colours, heat;
uniform isampler2D columns, rows;
uniform int kind, canvasHeight;
uniform ivec4 box;
uniform bool contours, hatched;
out vec4 shown;
ivec2 place(ivec2 at) {
  return ivec2(texelFetch(columns, ivec2(at.x, 0), 0).x, texelFetch(rows, ivec2(at.y, 0), 0).x);
}
uint keyAt(ivec2 at) {
  ivec2 i = place(at);
  if (kind == 0) return texelFetch(ids, i, 0).x;
  uint id = texelFetch(prediction, i, 0).x;
  if (kind == 3) return id;
  uint over = texelFetch(drawn, i, 0).x;
  uint status = texelFetch(reason, i, 0).x;
  uint kept = id;
  if (over != 255u) { status = over == 254u ? 3u : 4u; kept = over; }
  else if (status <= 1u) {
    uvec2 limit = texelFetch(rule, ivec2(id, 0), 0).xy;
    status = texelFetch(codes, i, 0).x < limit.x ? 1u : limit.y != 0u ? 3u : 0u;
  }
  return kind == 2 ? status : status == 0u || status == 4u ? kept : 255u;
}
void main() {
  ivec2 at = ivec2(int(gl_FragCoord.x), canvasHeight - 1 - int(gl_FragCoord.y)) - box.xy;
  shown = vec4(0.0);
  if (at.x < 0 || at.y < 0 || at.x >= box.z || at.y >= box.w) return;
  uint key = keyAt(at);
  uvec4 pixel = texelFetch(colours, ivec2(key, 0), 0);
  if (kind == 3 && pixel.w != 0u) {
    uint code = texelFetch(codes, place(at), 0).x;
    pixel.xyz = texelFetch(heat, ivec2(int(code & 255u), int(code >> 8)), 0).xyz;
  }
  if (hatched && key == 255u && ((at.x + at.y + box.x + box.y) & 7) != 0) return;
  if (contours) {
    bool right = at.x + 1 < box.z && key != keyAt(at + ivec2(1, 0));
    bool below = at.y + 1 < box.w && key != keyAt(at + ivec2(0, 1));
    if (!right && !below) return;
  }
  vec4 colour = vec4(pixel) / 255.0;
  shown = vec4(colour.xyz * colour.w, colour.w);
}`;
const SLOTS = ["prediction", "codes", "reason", "drawn", "ids", "rule", "colours", "heat", "columns", "rows"];

// The GPU is worth its uploads only when there is one: an emulated one is slower than plain loops.
const EMULATED = /swiftshader|llvmpipe|software|basic render/i;

function compiled(gl, kind, source) {
  const shader = gl.createShader(kind);
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
  return shader;
}

export class GlPainter {
  // Is there a GPU, or an emulated one that was asked for? Asked of a canvas of its own: a canvas that has had a
  // WebGL context never gets another kind.
  static isAvailable({ emulated = false } = {}) {
    const gl = document.createElement("canvas").getContext("webgl2");
    if (!gl) return false;
    const about = gl.getExtension("WEBGL_debug_renderer_info");
    const name = about ? gl.getParameter(about.UNMASKED_RENDERER_WEBGL) : "";
    gl.getExtension("WEBGL_lose_context")?.loseContext();
    return emulated || !EMULATED.test(name);
  }

  constructor(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, depth: false, preserveDrawingBuffer: true });
    this.canvas = canvas;
    this.gl = gl;
    this.program = gl.createProgram();
    gl.attachShader(this.program, compiled(gl, gl.VERTEX_SHADER, VERTEX));
    gl.attachShader(this.program, compiled(gl, gl.FRAGMENT_SHADER, FRAGMENT));
    gl.linkProgram(this.program);
    gl.useProgram(this.program);
    this.at = (name) => gl.getUniformLocation(this.program, name);
    this.slots = new Map(); // slot -> { texture, width, height, source }
    SLOTS.forEach((slot, unit) => gl.uniform1i(this.at(slot), unit));
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.untouched = Uint8Array.of(255);
  }

  // Uploads an array unless the slot holds it already. `fresh`: its content has changed.
  fill(slot, [internal, format, type], width, height, source, fresh = false) {
    const { gl } = this;
    const unit = SLOTS.indexOf(slot);
    gl.activeTexture(gl.TEXTURE0 + unit);
    let held = this.slots.get(slot);
    if (held?.source === source && !fresh) return;
    if (!held || held.width !== width || held.height !== height) {
      if (held) gl.deleteTexture(held.texture);
      held = { texture: gl.createTexture(), width, height };
      this.slots.set(slot, held);
      gl.bindTexture(gl.TEXTURE_2D, held.texture);
      gl.texStorage2D(gl.TEXTURE_2D, 1, internal, width, height);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    }
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, format, type, source);
    held.source = source;
  }

  fillLabel(layer, label) {
    const { gl } = this;
    const bytes = [gl.R8UI, gl.RED_INTEGER, gl.UNSIGNED_BYTE];
    const { width, height, drawn } = label;
    if (layer.kind === "ids") this.fill("ids", bytes, width, height, layer.ids);
    else {
      this.fill("prediction", bytes, width, height, label.prediction);
      this.fill("reason", bytes, width, height, label.reason);
      this.fill("codes", [gl.R16UI, gl.RED_INTEGER, gl.UNSIGNED_SHORT], width, height, label.codes);
      this.fill("drawn", bytes, width, height, drawn ?? this.blank(width * height), this.changed);
      this.changed = false;
    }
  }

  blank(pixels) {
    if (this.untouched.length !== pixels) this.untouched = new Uint8Array(pixels).fill(255);
    return this.untouched;
  }

  fillTables(layer, rule, columns, rows) {
    const { gl } = this;
    const limits = new Uint32Array(512);
    rule.first.forEach((code, id) => { limits[2 * id] = code; limits[2 * id + 1] = rule.vetoed[id]; });
    this.fill("rule", [gl.RG32UI, gl.RG_INTEGER, gl.UNSIGNED_INT], 256, 1, limits);
    const pixels = [gl.RGBA8UI, gl.RGBA_INTEGER, gl.UNSIGNED_BYTE];
    this.fill("colours", pixels, 256, 1, new Uint8Array(layer.colours.buffer));
    if (layer.heat) {
      const padded = new Uint32Array(256 * Math.ceil(layer.heat.length / 256));
      padded.set(layer.heat);
      this.fill("heat", pixels, 256, padded.length / 256, new Uint8Array(padded.buffer));
    }
    const integers = [gl.R32I, gl.RED_INTEGER, gl.INT];
    this.fill("columns", integers, columns.length, 1, columns);
    this.fill("rows", integers, rows.length, 1, rows);
  }

  paint(layer, label, rule, box, columns, rows, contours) {
    const { gl, canvas } = this;
    this.clear();
    if (!box[2] || !box[3]) return;
    this.fillLabel(layer, label);
    this.fillTables(layer, rule, columns, rows);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.uniform1i(this.at("kind"), KINDS[layer.kind]);
    gl.uniform1i(this.at("canvasHeight"), canvas.height);
    gl.uniform4i(this.at("box"), ...box);
    gl.uniform1i(this.at("contours"), contours);
    gl.uniform1i(this.at("hatched"), Boolean(layer.hatched));
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  clear() {
    this.gl.clearColor(0, 0, 0, 0);
    this.gl.clear(this.gl.COLOR_BUFFER_BIT);
  }

  // The array is the same, what it holds is not.
  correctionChanged() { this.changed = true; }
}
