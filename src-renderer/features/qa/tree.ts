/** A conversation as a tree: each question follows another one, and may have been asked in several ways. */
import type { ConversationNode } from '@domain/contract/conversation';

type Placed = Pick<ConversationNode, 'id' | 'parent'>;

/** From the first question to the leaf; empty for a leaf that is not there. */
export function pathTo<T extends Placed>(nodes: readonly T[], leaf: string | null): readonly T[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const path: T[] = [];
  // A node is taken out when it was met: what is stored could name itself as its own parent.
  for (let at = leaf; at !== null;) {
    const node = byId.get(at);
    if (!node) break;
    byId.delete(at);
    path.push(node);
    at = node.parent;
  }
  return path.reverse();
}

/** The ways in which one question was asked, itself among them, in the order in which they came. */
export function waysOf<T extends Placed>(nodes: readonly T[], node: Placed): readonly T[] {
  return nodes.filter(({ parent }) => parent === node.parent);
}

/** The last question of the branch that goes on from a node, by the newest way each time. */
export function leafUnder(nodes: readonly Placed[], id: string): string {
  const seen = new Set<string>();
  let leaf = id;
  for (;;) {
    seen.add(leaf);
    const next = nodes.findLast(({ parent, id: each }) => parent === leaf && !seen.has(each));
    if (!next) return leaf;
    leaf = next.id;
  }
}

/** Both sides' questions: one that both have is taken from `mine`. */
export function mergedNodes(
  stored: readonly ConversationNode[],
  mine: readonly ConversationNode[],
): ConversationNode[] {
  const own = new Set(mine.map(({ id }) => id));
  return [...stored.filter(({ id }) => !own.has(id)), ...mine].sort((one, two) => one.at - two.at);
}
