() => {
  const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); if (c.startsWith("color(")) return [m[0]*255,m[1]*255,m[2]*255,m[3] ?? 1]; return [m[0], m[1], m[2], m.length > 3 ? m[3] : 1]; };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const lum = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const bad = []; let seen = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const el = node.parentElement;
    if (!node.textContent.trim() || !el.checkVisibility({ opacityProperty: true }) || el.closest("script, style, title, noscript, .visually-hidden, option, .skip")) continue;
    const style = getComputedStyle(el);
    const isSvg = el.namespaceURI.endsWith("svg");
    let colour = parse(isSvg ? style.fill : style.color);
    let alpha = 1; const layers = [];
    for (let at = el; at; at = at.parentElement) {
      const s = getComputedStyle(at); alpha *= Number(s.opacity);
      if (!(at.namespaceURI.endsWith("svg"))) layers.push(parse(s.backgroundColor));
      if (isSvg && at.classList.contains("cell")) { const body = at.querySelector(".body"); if (body) layers.push(parse(getComputedStyle(body).fill)); }
    }
    let back = [255, 255, 255, 1];
    for (const layer of layers.reverse()) back = over(layer, back);
    colour = over([...colour.slice(0, 3), colour[3] * alpha], back);
    const [a, b] = [lum(colour), lum(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize); const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    seen += 1;
    if (ratio < (large ? 3 : 4.5)) bad.push([node.textContent.trim().slice(0, 40), ratio.toFixed(2), el.className.baseVal ?? el.className, el.parentElement.className.baseVal ?? el.parentElement.className]);
  }
  return { bad, seen };
}
