import { type FakeApp, type FakeAppChanges, fakeApp } from "./fake-app.ts";
import { FakeSpeechModel } from "./fake-speech-model.ts";

export interface FakeSpeechApp extends FakeApp {
  readonly speechModel: FakeSpeechModel;
}

/** The HTTP edge over a fake classifier and a fake speech model, which hears "Phrase 1.", "Phrase 2." and so on. */
export async function fakeSpeechApp(changes: FakeAppChanges = {}): Promise<FakeSpeechApp> {
  const fake = await fakeApp(changes);
  const speechModel = new FakeSpeechModel();
  speechModel.hear = () => ({ text: `Phrase ${speechModel.inputs.length}.` });
  fake.directory.models.push(speechModel);
  return Object.assign(fake, { speechModel });
}
