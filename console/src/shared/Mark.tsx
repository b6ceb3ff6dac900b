/** The sign above the door. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden style={{ flex: "none" }}>
      <rect width="32" height="32" rx="7" fill="#B4532A" />
      <path d="M10 23V9h7.2a4.6 4.6 0 0 1 1.2 9.05L22.5 23M10 18.2h7" fill="none" stroke="#FFF8F0" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
