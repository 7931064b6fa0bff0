// Families of types of operations: what a color stands for.

export const FAMILIES = [
  "inputs", "variables", "constants", "convolutions and products", "activations", "normalization", "pooling and reductions",
  "arithmetic", "shapes", "control flow", "random numbers", "losses", "gradients", "optimizer", "reading and saving", "other",
] as const;

export type Family = (typeof FAMILIES)[number];

/** The families that say what a scope does, in the order of what they say. */
export const TELLING = (["convolutions and products", "normalization", "activations", "pooling and reductions", "losses", "random numbers", "gradients", "optimizer", "reading and saving"] as Family[])
  .map((family) => FAMILIES.indexOf(family));

const RULES: [RegExp, Family][] = [
  [/^(Placeholder\w*|Iterator\w*|\w*Queue\w*|\w*Dataset\w*)$/, "inputs"],
  [/^(Variable(V2)?|VarHandleOp|ReadVariableOp|TemporaryVariable)$/, "variables"],
  [/^(Const|HostConst)$/, "constants"],
  [/^(Restore|Save|MergeV2|Sharded|ReadFile|WriteFile|Decode|Encode)\w*$|Reader\w*$|Summary(V2)?$|^AudioSpectrogram$/, "reading and saving"],
  [/^(Resource)?(Sparse)?(Apply|Scatter)\w+$|^(Resource)?Assign\w*$|^Assign\w*VariableOp$/, "optimizer"],
  [/SoftmaxCrossEntropy|^L2Loss$|CTCLoss/, "losses"],
  [/Grad(V\d)?$|Backprop|BackpropFilter|BackpropInput/, "gradients"],
  [/Conv\d|Conv2D|^(Batch)?MatMul|^Einsum$|SparseMatMul|TensorDotDense/, "convolutions and products"],
  [/^(Relu6?|Elu|Selu|LeakyRelu|Sigmoid|Tanh|Softmax|LogSoftmax|Softplus|Softsign|Gelu|Crelu)$/, "activations"],
  [/BatchNorm|^LRN$|L2Normalize|^Moments$/, "normalization"],
  [/Pool|^(Sum|Mean|Max|Min|Prod|All|Any|ArgMax|ArgMin|TopK(V2)?|Cumsum|SegmentSum)$|^(Un)?sorted?Segment/, "pooling and reductions"],
  [/^(Ref)?(Switch|Merge|Enter|Exit|NextIteration)$|^LoopCond$|^(Stateless)?(If|While|Case)$|PartitionedCall$|^NoOp$|^ControlTrigger$|^Assert$|TensorArray|TensorList|Stack(Push|Pop)?V2$/, "control flow"],
  [/Random|Multinomial|TruncatedNormal/, "random numbers"],
  [/^(Reshape|Shape|ShapeN|Rank|Size|ExpandDims|Squeeze|Transpose|ConcatV?2?|ConcatOffset|Split(V)?|Pack|Unpack|Pad(V2)?|MirrorPad|Slice|StridedSlice|Tile|Gather(V2|Nd)?|Reverse(V2|Sequence)?|Fill|Range|ZerosLike|OnesLike|Identity(N)?|StopGradient|Cast|BroadcastTo|SpaceToBatchND|BatchToSpaceND|DynamicStitch|DynamicPartition|InvertPermutation|OneHot|Where|Select(V2)?|BroadcastGradientArgs|PreventGradient)$/, "shapes"],
  [/^(Add(V2|N)?|BiasAdd|Sub|Mul|(Real|Floor|Trunc)?Div(NoNan)?|Neg|Abs|Sign|Square|Sqrt|Rsqrt|Reciprocal|Exp|Expm1|Log|Log1p|Pow|Maximum|Minimum|Floor(Mod)?|Ceil|Round|Mod|SquaredDifference|Greater(Equal)?|Less(Equal)?|(Not)?Equal|Logical\w+|ClipByValue|Erf|Sin|Cos|Inv)$/, "arithmetic"],
];

const known = new Map<string, number>();

/** The number of the family of a type. */
export function familyOf(type: string): number {
  let found = known.get(type);
  if (found === undefined) {
    const rule = RULES.find(([pattern]) => pattern.test(type));
    found = FAMILIES.indexOf(rule ? rule[1] : "other");
    known.set(type, found);
  }
  return found;
}
