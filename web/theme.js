// Runs before the first paint, so that a chosen theme and the right view are there from the start.
// A classic script on purpose: modules run too late for that.
{
  const root = document.documentElement;
  root.dataset.view = new URLSearchParams(location.search).has("job") ? "job" : "home";
  try {
    root.dataset.theme = localStorage.getItem("theme") ?? "auto";
  } catch {
    root.dataset.theme = "auto";
  }
}
