// What is too small to be touched, as a list of sentences. Links within a sentence may be small.
() => {
  const wrong = [];
  const inSentence = (one) => one.tagName === "A" && one.closest("p, pre") && !one.classList.contains("button");
  for (const one of document.querySelectorAll("a, button, select, input, textarea")) {
    if (one.type === "hidden" || one.classList.contains("skip") || inSentence(one)) continue;
    const { width, height } = one.getBoundingClientRect();
    if (width < 44 || height < 44) wrong.push(`${one.outerHTML.slice(0, 80)}: ${width} x ${height}`);
  }
  const across = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (across > 0) wrong.push(`the page is ${across} px too wide`);
  return wrong;
}
