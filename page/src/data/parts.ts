// The parts of the model in the page: base64 of zlib. The first is opened at once, the others when they are needed.

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

export async function inflated(bytes: BlobPart, format: CompressionFormat = "deflate"): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export class Parts {
  private readonly texts: string[];

  constructor(text: string) {
    this.texts = text.trim().split(" ");
  }

  /** Whether a program has put a model into the page. */
  get isFilled(): boolean {
    return this.texts.length === 3;
  }

  async bytes(number: number): Promise<Uint8Array<ArrayBuffer>> {
    return inflated(bytesOf(this.texts[number]));
  }

  async json<T>(number: number): Promise<T> {
    return JSON.parse(new TextDecoder().decode(await this.bytes(number))) as T;
  }
}
