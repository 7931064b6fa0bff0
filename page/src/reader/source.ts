// Where values come from: a range of bytes of a file, or of one value.

/** Gives a range of bytes. */
export type Read = (start: number, nbytes: number) => Promise<Uint8Array<ArrayBuffer>>;

/** An array of a file: its bytes are in row-major and little-endian order. */
export interface StoredArray {
  name: string;
  dtype: string;
  shape: number[];
  nbytes: number;
  read: Read;
}

export interface ValueSource {
  /** The file, for people. */
  name: string;
  arrays: Map<string, StoredArray>;
}

export function ofBlob(file: Blob): Read {
  return async (start, nbytes) => new Uint8Array(await file.slice(start, start + nbytes).arrayBuffer());
}

export function ofUrl(url: string): Read {
  return async (start, nbytes) => {
    if (!nbytes) return new Uint8Array();
    let answer: Response;
    try {
      answer = await fetch(url, { headers: { Range: `bytes=${start}-${start + nbytes - 1}` }, credentials: "omit", cache: "no-store" });
    } catch {
      throw new Error("The server does not answer, or does not allow this page to read (Access-Control-Allow-Origin).");
    }
    if (answer.status !== 206) throw new Error(answer.ok ? "The server does not give ranges of files." : `The server says: ${answer.status}.`);
    return new Uint8Array(await answer.arrayBuffer());
  };
}
