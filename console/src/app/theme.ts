import { createTheme, type CSSVariablesResolver, defaultVariantColorsResolver, type MantineColorsTuple, type VariantColorsResolver } from "@mantine/core";
import { cssVariables, DARK, LIGHT } from "./tokens";

const terracotta: MantineColorsTuple = [
  "#FBF1EB", "#F8EAE2", "#EFCDBC", "#E7AD92", "#E0815A", "#C96A42", "#B4532A", "#9A4522", "#7F391C", "#632C16",
];
const paper: MantineColorsTuple = [
  "#F2EEE8", "#DDD7CD", "#B0A899", "#7A7267", "#38342F", "#2F2B27", "#262421", "#1E1C1A", "#161513", "#100F0E",
];
const ink: MantineColorsTuple = [
  "#FAF8F5", "#F4F0EA", "#E7E2DA", "#D6CFC4", "#BDB5A9", "#A39B8F", "#6B645A", "#4A443C", "#332E28", "#1F1B16",
];

/** Actions wear the accent with the ink that is readable on it, in both schemes. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const colours = defaultVariantColorsResolver(input);
  const isAccent = input.color === undefined || input.color === "terracotta";
  if (isAccent && input.variant === "filled") return { ...colours, color: "var(--on-accent)" };
  if (isAccent && input.variant === "light") return { ...colours, background: "var(--accent-soft)", hover: "var(--accent-soft)", color: "var(--accent)" };
  if (isAccent && input.variant === "subtle") return { ...colours, hover: "var(--accent-soft)", color: "var(--accent)" };
  return colours;
};

export const theme = createTheme({
  variantColorResolver,
  primaryColor: "terracotta",
  primaryShade: { light: 6, dark: 4 },
  autoContrast: true,
  luminanceThreshold: 0.28,
  colors: { terracotta, dark: paper, gray: ink },
  white: "#FFFFFF",
  black: "#1F1B16",
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.45", xl: "1.3" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  radius: { xs: "4px", sm: "6px", md: "6px", lg: "10px", xl: "14px" },
  defaultRadius: "sm",
  headings: {
    fontWeight: "550",
    sizes: {
      h1: { fontSize: "20px", lineHeight: "1.3" },
      h2: { fontSize: "16px", lineHeight: "1.4" },
      h3: { fontSize: "14px", lineHeight: "1.5" },
    },
  },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "sm" }, styles: { label: { fontWeight: 550 } } },
    InputWrapper: { defaultProps: { withAsterisk: false }, styles: { label: { fontWeight: 400, fontSize: 13, marginBottom: 4 }, description: { fontSize: 12, color: "var(--muted)" } } },
    Input: { styles: { input: { borderColor: "var(--edge)" } } },
    Tabs: { styles: { list: { "--tabs-list-border-size": "1px", "--tab-border-color": "var(--line)" }, tab: { paddingInline: 12 } } },
    Avatar: { styles: { placeholder: { background: "var(--hover)", color: "var(--muted)", border: "1px solid var(--line)", fontWeight: 550 } } },
    SegmentedControl: { styles: { label: { fontWeight: 400 } } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: 32 } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: false, fz: 12 } },
    Menu: { defaultProps: { shadow: "md", position: "bottom-end" } },
    Modal: { defaultProps: { centered: true, transitionProps: { duration: 120 } } },
    Popover: { defaultProps: { shadow: "md", transitionProps: { duration: 120 } } },
  },
});

/** Our own tokens, and Mantine's own roles pointed at them. */
export const cssVariablesResolver: CSSVariablesResolver = () => {
  const roles = (side: typeof LIGHT): Record<string, string> => ({
    ...cssVariables(side),
    "--mantine-color-body": side.page,
    "--mantine-color-text": side.ink,
    "--mantine-color-dimmed": side.muted,
    "--mantine-color-placeholder": side.muted,
    "--mantine-color-anchor": side.accent,
    "--mantine-color-error": side.bad,
    "--mantine-color-default": side.raised,
    "--mantine-color-default-hover": side.hover,
    "--mantine-color-default-color": side.ink,
    "--mantine-color-default-border": side.line,
  });
  return { variables: {}, light: roles(LIGHT), dark: roles(DARK) };
};
