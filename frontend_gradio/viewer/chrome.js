// What every page has: the theme and its switch. Loaded in <head>.
const STORED = "studio-theme";
const studio = (window.STUDIO ??= { api: "/api/v1", ui: "/ui", signIn: "/sign-in" });

studio.theme = () => localStorage.getItem(STORED) ?? "system";

studio.chooseTheme = (theme) => {
  if (theme === "system") localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, theme);
  apply();
  return theme;
};

function wanted() {
  const named = new URLSearchParams(location.search).get("__theme");
  const chosen = named === "dark" || named === "light" ? named : studio.theme();
  if (chosen !== "system") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function apply() {
  const dark = wanted() === "dark";
  if (document.body.classList.contains("dark") !== dark) document.body.classList.toggle("dark", dark);
}

// Gradio sets the class by itself while it starts; ours is put back whenever it differs.
new MutationObserver(apply).observe(document.body, { attributes: true, attributeFilter: ["class"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
apply();

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("#theme-toggle")) return;
  studio.chooseTheme(document.body.classList.contains("dark") ? "light" : "dark");
});
