/** The page that a style is for. */
export interface StylePage {
  readonly isDark: boolean;
  /** Of names of places, as `en`. */
  readonly language: string;
}
