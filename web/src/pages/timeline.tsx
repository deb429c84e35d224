import { Heading } from "../ui";
export function TimelinePage(_: { query: Record<string, string> }) {
  return <Heading title="Timeline" />;
}
