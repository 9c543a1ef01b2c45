import "./style.css";
import { App } from "./elements/app";
import { apply } from "./theme";

apply();
const app = new App();
app.provider = document.documentElement.dataset["login"] ?? "";
document.body.replaceChildren(app);
