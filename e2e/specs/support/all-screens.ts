import { accountScreens } from "./account-screens";
import { type Screen, screens } from "./screens";

/** Every screen there is. */
export const allScreens: Screen[] = [...screens, ...accountScreens];
