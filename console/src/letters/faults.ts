import { useReason } from "../reasons/ReasonName";
import { inWords } from "../shared";
import type { Letter, LetterFault } from "../shared/api";

type Told = Pick<LetterFault, "code" | "said" | "sentence">;

export interface FaultWords {
  /** What is wrong with a text: by its own sentence where that says more, else by its reason. */
  fault: (fault: Told) => string;
  /** Why the last try came to nothing; before there was one, nothing. */
  lastTry: (letter: Letter) => string;
}

export function useFaultWords(): FaultWords {
  const reason = useReason();
  const fault = ({ code, said, sentence }: Told) => (said || code === "invalid" ? inWords(said, sentence) : reason.sentence([code], sentence));
  return { fault, lastTry: (letter) => fault({ code: letter.problem_code, said: letter.problem_said, sentence: letter.problem }) };
}
