// Truncates text to a width, which SVG cannot.

const FONTS = {
  node: "600 13px system-ui, sans-serif",
  detail: "11.5px system-ui, sans-serif",
  lane: "600 12px system-ui, sans-serif",
};

const context = document.createElement("canvas").getContext("2d");
const known = new Map<string, string>();

export function widthOf(text: string, font: keyof typeof FONTS): number {
  if (!context) return 200;
  context.font = FONTS[font];
  return context.measureText(text.slice(0, 200)).width;
}

export function cut(text: string, room: number, font: keyof typeof FONTS): string {
  const key = `${font} ${room} ${text}`;
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = fitted(text, room, FONTS[font])));
  return found;
}

function fitted(text: string, room: number, font: string): string {
  if (!context) return text.slice(0, 24);
  context.font = font;
  const whole = text.replace(/\s+/g, " ");
  if (context.measureText(whole).width <= room) return whole;
  const letters = [...whole.slice(0, 200)]; // code points, so that no emoji is split
  let [fits, fails] = [0, letters.length];
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    if (context.measureText(`${letters.slice(0, middle).join("")}…`).width <= room) fits = middle;
    else fails = middle;
  }
  return `${letters.slice(0, fits).join("")}…`;
}
