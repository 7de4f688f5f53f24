/** Two soft tones, higher for what is critical. Made here: no file is loaded. */
const toneS = 0.16;
const gapS = 0.2;
const loudness = 0.12;

let context: AudioContext | undefined;

/** Browsers play nothing before somebody has touched the page: then it is silent. */
export const playSound = (isCritical: boolean): void => {
  context ??= new AudioContext();
  if (context.state === 'suspended') void context.resume().catch(() => {});
  const base = isCritical ? 880 : 587;
  for (const [i, hertz] of [base, base * 1.25].entries()) {
    const start = context.currentTime + i * gapS;
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.frequency.value = hertz;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(loudness, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, start + toneS);
    tone.connect(gain).connect(context.destination);
    tone.start(start);
    tone.stop(start + toneS);
  }
};
