import { Heading } from "../ui";
export function WhyPage(_: { dag: string; task: string; run: string }) {
  return <Heading title="Why?" />;
}
