// What a box is for, where it is not a part of the network: such boxes stand aside.

import type { Graph } from "../data/model.ts";
import { type Box, type Role, within } from "./box.ts";

export const ROLES: Exclude<Role, "">[] = ["gradients", "optimizer", "saving", "initialization", "summaries"];

const IN_GRADIENTS = /(^|\/)gradients(_\d+)?(\/|$)/;

const BY_TYPE: [RegExp, Role][] = [
  [/^(Save|SaveV2|SaveSlices|Restore|RestoreV2|RestoreSlice|MergeV2Checkpoints|ShardedFilename|ShardedFilespec)$/, "saving"],
  [/^(Resource)?((Sparse)?Apply\w+|Scatter(Add|Sub|Update))$/, "optimizer"],
  [/Summary(V2)?$/, "summaries"],
  [/^(IsVariableInitialized|VarIsInitializedOp)$/, "initialization"],
  [/Grad(V\d)?$|Backprop(Filter|Input)?(V\d)?$|^BroadcastGradientArgs$/, "gradients"],
];

/** Types that are found in every part of a program, so that they do not tell what a scope is for. */
const NEUTRAL = /^(Const|HostConst|Identity|IdentityN|NoOp|Assign|AssignVariableOp|AssignAdd|AssignSub|Pack|StringJoin|PlaceholderWithDefault|Fill|Mul|Sub|Cast|ReadVariableOp|Reshape|Shape|VariableV2|Variable|VarHandleOp|LogicalAnd|LogicalNot|Maximum|Assert|RandomUniform|TruncatedNormal)$/;

/** The part of a scope that may be of another kind than the rest. */
const TOLERATED = 0.08;

const names = new Map<string, Role>();

function roleOfType(type: string): Role {
  let found = names.get(type);
  if (found === undefined) {
    found = BY_TYPE.find(([pattern]) => pattern.test(type))?.[1] ?? "";
    names.set(type, found);
  }
  return found;
}

function roleOfOperation(op: number, graph: Graph): Role {
  const name = graph.name(op);
  if (IN_GRADIENTS.test(name)) return "gradients";
  const type = graph.type(op);
  if (type === "NoOp") return /(^|\/)(init|report_uninit)[^/]*$/.test(name) ? "initialization" : "optimizer";
  return roleOfType(type);
}

interface Counts {
  network: number;
  roles: Map<Role, number>;
}

/** Gives every box its role: that of all it has, but what is neutral. */
export function assignRoles(root: Box, graph: Graph): void {
  const counts = new Map<Box, Counts>();
  for (const box of [...within(root)].reverse()) {
    const own: Counts = { network: 0, roles: new Map() };
    counts.set(box, own);
    if (box.kind === "operation") {
      box.role = roleOfOperation(box.op, graph);
      box.isStatic = /^(Const|HostConst|Variable(V2)?|VarHandleOp)$/.test(graph.type(box.op));
      if (box.role) own.roles.set(box.role, 1);
      else own.network = NEUTRAL.test(graph.type(box.op)) ? 0 : 1;
      continue;
    }
    for (const child of box.children) {
      const { network, roles } = counts.get(child)!;
      own.network += network;
      roles.forEach((count, role) => own.roles.set(role, (own.roles.get(role) ?? 0) + count));
      counts.delete(child);
    }
    box.role = box.kind === "variable" ? "" : roleOf(own);
    if (box.kind === "variable") counts.set(box, { network: 0, roles: new Map() });
    box.isStatic =
      box.kind === "variable" || (box.role === "" && own.network === 0 && box.children.every((child) => child.isStatic));
  }
  root.role = "";
}

function roleOf({ network, roles }: Counts): Role {
  let total = 0;
  let found: Role = "";
  roles.forEach((count, role) => {
    total += count;
    if (count > (roles.get(found) ?? 0)) found = role;
  });
  return total > 0 && network <= TOLERATED * (total + network) ? found : "";
}
