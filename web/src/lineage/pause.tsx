// The symbol for a wait on its edge.

export function Pause({ x, y, kind }: { x: number; y: number; kind: string }) {
  return (
    <g class={`pause pause-${kind}`} transform={`translate(${x},${y})`}>
      <circle r="5.5" />
      <path d="M-1.5,-2V2M1.5,-2V2" />
    </g>
  );
}
